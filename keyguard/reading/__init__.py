"""Reading copies of an attestation (KGA/1 §12): PDF, XLSX, CSV, verify.txt; and the export gate (§13)."""
