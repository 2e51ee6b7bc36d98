"""Run `reprompt` of whichever code is on the path, on one thread, whatever it asks PyTorch for.

Two threads that add into the rows of one table (the captions' tokens, in pre-training) do so in an order of chance, and
then even one code gives other bits each time. It imports nothing of the package, so it serves either code.
"""

import runpy

import torch

torch.set_num_threads(1)
torch.set_num_threads = lambda threads: None
runpy.run_module("reprompt.cli", run_name="__main__", alter_sys=True)
