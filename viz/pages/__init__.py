"""The page's parts: what is chosen, what is recorded while it runs, what is shown."""
