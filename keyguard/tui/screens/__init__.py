"""One screen a file; `keyguard.tui.navigation` lists them."""
