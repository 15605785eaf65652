"""Requests and answers: headers, errors, templates, the log of requests, unsaved forms."""
