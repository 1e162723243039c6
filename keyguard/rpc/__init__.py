"""How clients and the daemon speak: JSON-RPC 2.0, one message a line, over a socket of this machine."""
