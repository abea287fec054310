"""What a text says before anything of it is run: trees of files, names of gradients, what functions hand on."""
