"""One HDF5 run file per run; the only room that knows h5py."""
