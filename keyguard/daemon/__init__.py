"""The daemon of a home: holds the store, knows its peers by the kernel's word, hands keys out and logs it."""
