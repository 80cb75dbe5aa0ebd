// Small comforts every page may live without.
