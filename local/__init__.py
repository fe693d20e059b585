"""Development only, never deployed: Stockroom's surroundings on one machine.

`python -m local` starts it all. The gateway (`local.gateway`) runs the functions as DigitalOcean would; `local.spaces`
is the bucket, the sandbox (`local.sandbox`) a stand-in Shopify; `local.environment` says which variables tie them.
"""
