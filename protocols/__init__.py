"""One file per experiment, written against the interfaces of `mtjlab.core`."""
