"""The language model as a processor has it: its tokens are counted, and its answers may have to fit a schema."""
