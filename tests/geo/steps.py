"""Small IFC models as STEP text, written by hand: boxes as extruded rectangles."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """An element that is a box; lengths in the unit of the file."""

    kind: str
    x: float
    y: float
    z: float
    width: float
    depth: float
    height: float
    predefined: str = ""
    storey: bool = True
    voids: str = ""


def guid(number: int) -> str:
    """22 characters of the alphabet of IFC."""
    return f"{number:022d}"


MORE = {
    "IFC4": {"IFCWALL": 1, "IFCSLAB": 1, "IFCWINDOW": 5, "IFCOPENINGELEMENT": 1, "IFCCOLUMN": 1},
    "IFC2X3": {"IFCWALL": 0, "IFCSLAB": 1, "IFCWINDOW": 2, "IFCOPENINGELEMENT": 0, "IFCCOLUMN": 0},
}
"""Attributes after the tag, by schema and class."""


def model(
    boxes: list[Box],
    *,
    schema: str = "IFC4",
    milli: bool = True,
    conversion: str = "",
    crs: str = "'EPSG:28992',$,$,'NAP',$,$,$",
    site: str = "$,$,$",
    north: str = "$",
    more: str = "",
) -> str:
    """STEP text of a project with a site, a building, one storey and some boxes.

    Parameters
    ----------
    conversion : str
        Attributes of an IfcMapConversion after source and target; none without.
    site : str
        RefLatitude, RefLongitude, RefElevation.
    north : str
        Ratios of the true north, ``"(0.,1.)"``.
    more : str
        Further lines of the data section.
    """
    counts = MORE["IFC2X3" if schema == "IFC2X3" else "IFC4"]
    prefix = ".MILLI." if milli else "$"
    lines = [
        "#1=IFCPROJECT('" + guid(1) + "',$,'Test',$,$,$,$,(#5),#2);",
        "#2=IFCUNITASSIGNMENT((#3));",
        f"#3=IFCSIUNIT(*,.LENGTHUNIT.,{prefix},.METRE.);",
        f"#5=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-05,#6,{'$' if north == '$' else '#9'});",
        "#6=IFCAXIS2PLACEMENT3D(#7,$,$);",
        "#7=IFCCARTESIANPOINT((0.,0.,0.));",
        "#8=IFCLOCALPLACEMENT($,#6);",
        f"#10=IFCSITE('{guid(10)}',$,'Site',$,$,#8,$,$,.ELEMENT.,{site},$,$);",
        f"#11=IFCBUILDING('{guid(11)}',$,'House',$,$,#8,$,'The house',.ELEMENT.,$,$,$);",
        f"#12=IFCBUILDINGSTOREY('{guid(12)}',$,'Ground floor',$,$,#8,$,$,.ELEMENT.,0.);",
        f"#13=IFCRELAGGREGATES('{guid(13)}',$,$,$,#1,(#10));",
        f"#14=IFCRELAGGREGATES('{guid(14)}',$,$,$,#10,(#11));",
        f"#15=IFCRELAGGREGATES('{guid(15)}',$,$,$,#11,(#12));",
    ]
    if north != "$":
        lines.append(f"#9=IFCDIRECTION({north});")
    if conversion:
        lines += [f"#20=IFCMAPCONVERSION(#5,#21,{conversion});", f"#21=IFCPROJECTEDCRS({crs});"]
    contained, number = [], 100
    for box in boxes:
        n = number
        size = f"{float(box.width)},{float(box.depth)}"
        extra = ",".join(["$"] * counts[box.kind])
        if extra and box.predefined:
            extra = f".{box.predefined}." + extra[1:]
        tail = f",{extra}" if extra else ""
        lines += [
            f"#{n}={box.kind}('{guid(n)}',$,'{box.kind[3:].title()} {n}',$,$,#{n + 1},#{n + 2},${tail});",
            f"#{n + 1}=IFCLOCALPLACEMENT(#8,#{n + 3});",
            f"#{n + 2}=IFCPRODUCTDEFINITIONSHAPE($,$,(#{n + 5}));",
            f"#{n + 3}=IFCAXIS2PLACEMENT3D(#{n + 4},$,$);",
            f"#{n + 4}=IFCCARTESIANPOINT(({float(box.x)},{float(box.y)},{float(box.z)}));",
            f"#{n + 5}=IFCSHAPEREPRESENTATION(#5,'Body','SweptSolid',(#{n + 6}));",
            f"#{n + 6}=IFCEXTRUDEDAREASOLID(#{n + 7},#6,#{n + 10},{float(box.height)});",
            f"#{n + 7}=IFCRECTANGLEPROFILEDEF(.AREA.,$,#{n + 8},{size});",
            f"#{n + 8}=IFCAXIS2PLACEMENT2D(#{n + 9},$);",
            f"#{n + 9}=IFCCARTESIANPOINT(({box.width / 2},{box.depth / 2}));",
            f"#{n + 10}=IFCDIRECTION((0.,0.,1.));",
        ]
        if box.kind == "IFCOPENINGELEMENT":
            lines.append(f"#{n + 11}=IFCRELVOIDSELEMENT('{guid(n + 11)}',$,$,$,{box.voids},#{n});")
        elif box.storey:
            contained.append(f"#{n}")
        number += 20
    if contained:
        lines.append(f"#16=IFCRELCONTAINEDINSPATIALSTRUCTURE('{guid(16)}',$,$,$,({','.join(contained)}),#12);")
    data = "\n".join(lines) + "\n" + more
    return (
        "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\n"
        "FILE_NAME('t.ifc','2024-05-06T07:08:09',(''),(''),'','','');\n"
        f"FILE_SCHEMA(('{schema}'));\nENDSEC;\nDATA;\n{data}ENDSEC;\nEND-ISO-10303-21;\n"
    )
