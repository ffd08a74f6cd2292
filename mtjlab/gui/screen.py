"""The application object: sharp on every screen, and a thread of Python that never starves."""

import sys

from PyQt5 import QtCore, QtGui, QtWidgets

from mtjlab.gui.rubbish import Rubbish

# Python hands its lock on after this long, s. With the usual 5 ms a run that computes in Python
# would hold up every frame by several of them.
SWITCH_S = 5e-4

# An application that goes before its widgets takes the process with it, so a caller that forgets
# it does not end it.
_alive: list[QtWidgets.QApplication] = []


def application() -> QtWidgets.QApplication:
    """The one of this process; made on the first call."""
    there = QtWidgets.QApplication.instance()
    if isinstance(there, QtWidgets.QApplication):
        return there
    for attribute in ("AA_EnableHighDpiScaling", "AA_UseHighDpiPixmaps"):
        QtWidgets.QApplication.setAttribute(
            getattr(QtCore.Qt.ApplicationAttribute, attribute), True
        )
    QtGui.QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        QtCore.Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    app = QtWidgets.QApplication(["mtjlab"])
    _alive.append(app)
    app.setApplicationName("mtjlab")
    app.setDesktopFileName("mtjlab")
    sys.setswitchinterval(SWITCH_S)
    Rubbish(app)
    return app
