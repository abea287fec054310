"""The functions of libraries that may be called, a row a name: what it does, how large its result is, an example."""
