"""Pure: no input or output, no clock, no asyncio, no pydantic. Times come in as arguments."""
