"""The data that ships with the program: cities, policies and tables, editable by people who do not program."""
