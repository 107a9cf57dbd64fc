"""A page with a brush: open a photograph, paint the hole, fill it by several models, compare, take the result along.

``worker`` a model in a process of its own; ``jobs`` the queue before it; ``shelf`` what is open; ``desk`` all that the
requests work with; ``files`` pictures in and out; ``server`` the server; ``requests`` the page's, ``iopaint`` those of
IOPaint's clients; ``cases`` a picture and its mask for ``inpaintlab evaluate``; ``page/`` what the browser loads. The
server's own process is free of torch.
"""
