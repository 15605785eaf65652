"""Checks of the configuration, and whether it fits the request that asks."""

from urllib.parse import urlsplit

from flask import current_app
from redis import Redis
from redis.exceptions import RedisError

from config import INSTANCE, is_weak

from .finding import BAD, GOOD, NOTE, check, within

THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
NEW_KEY = "SECRET_KEY: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
REDIS_SECONDS = 1


@check("Secret key")
def secret_key():
    config, kept = current_app.config, INSTANCE / "secret_key"
    keys = [config["SECRET_KEY"], *config["SECRET_KEY_FALLBACKS"]]
    if any(is_weak(key) for key in keys):
        words = "A key is too short, too simple or a known example."
        return (BAD if config["SECURE"] else NOTE), words, NEW_KEY
    words = f"{len(keys[0])} characters"
    if keys[1:]:
        words += f"; older keys that are still accepted: {len(keys) - 1}"
    if not config["SECURE"] and kept.exists() and kept.read_text() == keys[0]:
        if kept.stat().st_mode & 0o077:
            return BAD, f"Other users on this machine can read {kept}.", f"chmod 600 {kept}"
        words += f", kept in {kept}"
    return GOOD, words


@check("Configuration")
def where_it_runs(request=None):
    config, cure = current_app.config, "FLASK_CONFIG=production"
    if config["SECURE"]:
        if current_app.debug:
            words = "Debug mode is on: errors show code to visitors."
            return BAD, words, "Remove FLASK_DEBUG from the environment"
        return GOOD, "production, debug mode off"
    if request and urlsplit(f"//{request.host}").hostname not in THIS_MACHINE:
        words = f"Development is open as {request.host}: cookies and email aren’t protected."
        return BAD, words, cure
    return NOTE, "development: not for real members", cure


@check("Trusted hosts")
def hosts(request=None):
    config = current_app.config
    if not config["TRUSTED_HOSTS"]:
        return BAD, "Any Host header is trusted.", "TRUSTED_HOSTS or SERVER_NAME"
    site = urlsplit(config["SITE_URL"] or "").netloc
    if request and site and request.host != site:
        words = f"You came by {request.host}, but links in emails lead to {site}."
        return NOTE, words, "SERVER_NAME"
    return GOOD, ", ".join(config["TRUSTED_HOSTS"])


@check("Proxies")
def proxies(request=None):
    config = current_app.config
    count = config["PROXY_COUNT"]
    if request is None:
        return GOOD, f"{count} trusted; the Health page compares this with its request"
    names = request.headers.get("X-Forwarded-For", "")
    came = len([name for name in names.split(",") if name.strip()])
    if came and not count:
        words = "The proxy isn’t trusted, so limits count everyone as one address."
        return BAD, words, f"PROXY_COUNT={came}"
    if came < count:
        words = f"{count} trusted, but X-Forwarded-For of this request names {came}."
        return BAD, words, f"PROXY_COUNT={came}, or let the proxy set X-Forwarded-For"
    if config["SECURE"] and request.scheme != "https":
        words = "The proxy doesn’t report HTTPS."
        return BAD, words, "Let the proxy set X-Forwarded-Proto"
    if came > count:
        words = f"{count} trusted, but X-Forwarded-For of this request names {came}."
        return NOTE, words, f"PROXY_COUNT={came}, if all of them are yours"
    return GOOD, f"{count} in front, and trusted" if count else "none in front, none trusted"


@check("Redis")
def counting(request=None, seconds=None):
    """Where limits are counted."""
    url = current_app.config["REDIS_URL"]
    if url is None:
        several = request and request.environ.get("wsgi.multiprocess")
        if several or current_app.config["MAIL_DELIVERY"] == "worker":
            words = "Not set: each process counts limits separately."
            return NOTE, words, "REDIS_URL"
        return GOOD, "not set: limits are counted in this process"
    if redis_answers(url, seconds):
        return GOOD, "it responds; limits are counted there"
    words = "No response: each process counts limits separately."
    return BAD, words, "Start Redis, or correct REDIS_URL"


def redis_answers(url, seconds=None):
    wait = 0.5
    client = Redis.from_url(url, socket_timeout=wait, socket_connect_timeout=wait)
    try:
        return within(min(seconds or REDIS_SECONDS, REDIS_SECONDS), client.ping)
    except (RedisError, OSError):
        return False
