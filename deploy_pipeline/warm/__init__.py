"""Run workers forked from a process that has everything loaded. Linux only: it needs /proc and pidfds."""
