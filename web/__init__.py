"""Till serves: HTTP and the command line. The only package that knows Flask and click."""
