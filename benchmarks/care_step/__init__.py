"""One care-seeking step written three ways on the same people, tables and rules, so that speeds are compared like with like."""
