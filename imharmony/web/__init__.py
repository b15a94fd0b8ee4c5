"""Pages served from this machine: who may ask, how long an answer is waited for, and the page that harmonizes photographs."""
