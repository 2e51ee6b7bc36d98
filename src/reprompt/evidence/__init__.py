"""Which records answer a question, and what can be concluded from them."""
