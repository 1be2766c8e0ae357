"""The scene of a glTF file as its standard wants it: metres with +Y up, and said what the coordinates are."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

__all__ = ["place_in_gltf"]

#: From LPS and from RAS, mm, to glTF (2.0, section 3.4): metres, +Y up, +Z where the front of an asset faces; rows.
_TO_GLTF = {
    "LPS": ((0.001, 0.0, 0.0), (0.0, 0.0, 0.001), (0.0, -0.001, 0.0)),
    "RAS": ((-0.001, 0.0, 0.0), (0.0, 0.0, 0.001), (0.0, 0.001, 0.0)),
}
#: Magic, version, length of the file; length of the chunk, its kind (glTF 2.0, section 4.4).
_HEAD = struct.Struct("<4sIIII")
_OTHER_CHUNKS = 20


def place_in_gltf(path: Path, space: str, note: str) -> None:
    """Let the scene of binary glTF `path`, VTK's of one mesh in mm of `space`, stand upright and in metres.

    The coordinates in the file stay as they are: the node of the mesh carries the way to glTF's own, and ``extras``
    of the asset say `space`, the unit, and `note`. VTK's camera, which looks from the feet, goes.
    """
    content = path.read_bytes()
    magic, version, _length, size, kind = _HEAD.unpack_from(content)
    scene: dict[str, Any] = json.loads(content[_OTHER_CHUNKS : _OTHER_CHUNKS + size])
    meshes = [node for node in scene["nodes"] if "mesh" in node]
    (right, up, front) = _TO_GLTF[space]
    columns = [[*column, 0.0] for column in zip(right, up, front, strict=True)]
    for node in meshes:
        node["matrix"] = [value for column in (*columns, [0.0, 0.0, 0.0, 1.0]) for value in column]
    scene["nodes"] = meshes
    scene["scenes"] = [{"nodes": list(range(len(meshes)))}]
    scene["scene"] = 0
    scene.pop("cameras", None)
    scene["asset"] |= {"generator": "dicomvtk", "extras": {"space": space, "unit": "mm", "comment": note}}
    text = json.dumps(scene, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    others = memoryview(content)[_OTHER_CHUNKS + size :]
    with path.open("wb") as file:
        file.write(_HEAD.pack(magic, version, _OTHER_CHUNKS + len(text) + len(others), len(text), kind))
        file.write(text)
        file.write(others)
