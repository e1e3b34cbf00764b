"""Answers to exercise 11.1, “Alive, and ready”."""


# %% right: async, one expression
def gate(state):
    async def process_request(ws, request):
        status = {"/healthz": 200, "/readyz": 200 if state.ready else 503}.get(request.path)
        if status is None and state.closing:
            status = 503
        return status and ws.respond(status, f"{status}\n")

    return process_request


# %% right: match
def gate(state):
    def process_request(ws, request):
        match request.path:
            case "/healthz":
                return ws.respond(200, "ok")
            case "/readyz" if state.ready:
                return ws.respond(200, "ok")
            case "/readyz":
                return ws.respond(503, "no")
            case _ if state.closing:
                return ws.respond(503, "no")

    return process_request


# %% right: a class
class gate:
    def __init__(self, state):
        self.state = state

    def __call__(self, ws, request):
        if request.path in ("/healthz", "/readyz"):
            good = request.path == "/healthz" or self.state.ready
            return ws.respond(200 if good else 503, "")
        return ws.respond(503, "") if self.state.closing else None


# %% wrong: dead while it leaves
# breaks: `/healthz` is answered with 200 in any case
def gate(state):
    def process_request(ws, request):
        if request.path == "/readyz":
            return ws.respond(200 if state.ready else 503, "")
        if state.closing:
            return ws.respond(503, "")
        if request.path == "/healthz":
            return ws.respond(200, "")

    return process_request


# %% wrong: never ready
# breaks: `/readyz` with 200 while `state.ready` is true
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz" or state.closing:
            return ws.respond(503, "")

    return process_request


# %% wrong: ready as long as it is alive
# breaks: and with 503 while it is not
def gate(state):
    def process_request(ws, request):
        if request.path in ("/healthz", "/readyz"):
            return ws.respond(200, "")
        if state.closing:
            return ws.respond(503, "")

    return process_request


# %% wrong: the flag as it was at the beginning
# breaks first: `/readyz` with 200 while `state.ready` is true
def gate(state):
    ready = state.ready

    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if ready else 503, "")
        if state.closing:
            return ws.respond(503, "")

    return process_request


# %% wrong: other paths are not found
# breaks: All other requests go on to the handshake
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if state.ready else 503, "")
        if state.closing:
            return ws.respond(503, "")
        if request.path != "/":
            return ws.respond(404, "")

    return process_request


# %% wrong: clients come in while it leaves
# breaks: but while `state.closing` is true they get 503
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if state.ready else 503, "")

    return process_request


# %% wrong: not ready while it leaves
# breaks: `/readyz` with 200 while `state.ready` is true
def gate(state):
    def process_request(ws, request):
        if request.path == "/healthz":
            return ws.respond(200, "")
        if request.path == "/readyz":
            return ws.respond(200 if state.ready and not state.closing else 503, "")
        if state.closing:
            return ws.respond(503, "")

    return process_request
