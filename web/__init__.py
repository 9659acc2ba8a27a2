"""Till serves: HTTP and the command line. The only package that knows Flask and click."""

from web.withheld import withheld

with withheld():
    import structlog as structlog
