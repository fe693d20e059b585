"""The gateway: runs the functions of an unmodified project.yml on this machine, as DigitalOcean Functions would.

Read in this order; what has a star is rules only, without I/O.

    template*    ${NAME} in project.yml
    spec*        the keys that may stand in project.yml
    project      project.yml and packages/ → functions, and warnings about what would become public
    stage        a function's folder, laid out as the deployed zip would be
    launcher     the program that runs inside a function's own process
    container    one such process, and the limits of time and memory (`memory`) that end it
    outcome*     how an activation may end
    pool         processes kept warm
    activations  runs a function once, and keeps the record of it
    routes*      which address means which function
    event*       an HTTP request → the event that a function gets
    answer*      what a function returned → an HTTP response
    trouble*     what went wrong, in words: cause, fix, status
    web          the server that puts these together; `pages` and `terminal` are what a person sees of it
    running      all of it, from a folder to an open port
"""
