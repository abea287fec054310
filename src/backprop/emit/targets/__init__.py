"""The languages that programs are written in, a file each, and what some of them share."""
