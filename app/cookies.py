"""The session cookie: Flask's, except that the clocks of two hosts may differ."""

from flask.sessions import SecureCookieSessionInterface
from itsdangerous import SignatureExpired, TimestampSigner


class PatientSigner(TimestampSigner):
    """Takes a signature from the future for one of this moment: our key made it, on another host.

    itsdangerous calls it expired. The session would be lost on all hosts, since the answer
    overwrites the cookie.
    """

    def unsign(self, signed_value, max_age=None, return_timestamp=False):
        value, signed_at = super().unsign(signed_value, return_timestamp=True)
        age = self.get_timestamp() - signed_at.timestamp()
        if max_age is not None and age > max_age:
            words = f"Signature age {age} > {max_age} seconds"
            raise SignatureExpired(words, payload=value, date_signed=signed_at)
        return (value, signed_at) if return_timestamp else value


class PatientSessions(SecureCookieSessionInterface):
    def get_signing_serializer(self, app):
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = PatientSigner
        return serializer
