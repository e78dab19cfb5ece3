"""What every Banyan service stands on, in layers that import only downwards.

hosting > resources > rpc | events > database > access > expressions > json > errors;
telemetry and testing stand beside them.
"""
