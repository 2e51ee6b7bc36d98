"""The rendered world: procedural pictures, captions and tasks, and the pre-training of miniature CLIPs on them.

Nothing here is, or is made from, one of the data sets whose names the tasks carry: they are procedural counterparts.
"""
