"""What stays of a night: the ledger, the change log, quarantine, what is in force."""
