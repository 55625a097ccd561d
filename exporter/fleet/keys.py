"""What the handlers of a fleet find: the fleet in the application, the node in the address."""

from aiohttp import web

from exporter.fleet.fleet import Fleet
from exporter.fleet.node import FleetNode

FLEET = web.AppKey("fleet", Fleet)


def node_named(request: web.Request) -> FleetNode:
    """The node in the address of *request*, whatever state it is in."""
    name = request.match_info["name"]
    node = request.app[FLEET].node(name)
    if node is None:
        raise web.HTTPNotFound(text=f"there is no node {name!r}; / lists all")
    return node


def node_asked(request: web.Request) -> FleetNode:
    """That node, up to date. Of one that is down nobody answers: the connection breaks."""
    node = node_named(request)
    node.advance()
    if node.down and request.transport:
        request.transport.abort()
    return node
