"""The HTTP API: event to typed request to action to response.

``endpoint`` makes handlers, ``request_context`` says who calls, ``request_schemas`` and ``response_schemas`` are fixed
by the contract, ``problems`` are all errors.
"""
