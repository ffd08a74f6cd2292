"""The sockets behind vendor libraries: PyVISA and nidaqmx end here instead of at hardware."""
