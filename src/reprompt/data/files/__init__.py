"""The real data sets as they lie on disk: who reads which layout, and the source made of them.

A reader takes a data set's folder and lists its pictures; only the pictures that are asked for are ever decoded.
"""
