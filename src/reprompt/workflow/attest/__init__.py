"""The proof that a change of the code changed no number: `reprompt attest`.

Two codes, the one that made a result and the one that lies here, do the same work side by side on this machine, and
what they leave is compared bit by bit. Where all agrees, the result is stamped with the hash of today's code.
"""
