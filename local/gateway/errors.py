"""What can be wrong with a project, told in one sentence or two: the place, the cause, the fix."""


class ProjectError(Exception):
    """The platform would not deploy this project, or the gateway cannot run it."""
