"""Measures how fast a city runs and how much room it takes; nothing here is needed to run one."""
