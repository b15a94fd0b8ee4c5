"""A server on loopback that answers with whatever bytes it is told to, or does not stop."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket], object]


@contextmanager
def answering(behaviour: Behaviour) -> Iterator[str]:
    """The address of a server that reads a request, calls ``behaviour`` with the connection and closes it."""
    listener = socket.create_server(("127.0.0.1", 0))
    open_now: set[socket.socket] = set()

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(1 << 16)
                behaviour(connection)
            except OSError:  # the client has left
                pass
            finally:
                open_now.discard(connection)

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            open_now.add(connection)
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in list(open_now):
            connection.close()
        thread.join()
