"""Extensions, middleware and servers of others, each in its newest release and its common use."""
