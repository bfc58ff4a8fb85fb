"""Rules of payment by points (分值): pure functions over columns and tables, which modes put together and case files ask one by one."""
