"""Tests of the gateway; a package, so that pytest does not take this folder's parent for it."""
