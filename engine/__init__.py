"""Work handed to an engine that exists already: any Spark Connect endpoint, named by its address."""
