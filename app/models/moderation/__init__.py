"""Reports, cases, rulings, sanctions, appeals, clean-ups and undo."""
