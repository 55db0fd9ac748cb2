"""The slides of a presentation of PowerPoint."""

from bot.files.decoders.package import Package


def slide_parts(package: Package) -> list[str]:
    """Return the names of the parts of the slides, in the order in which they are shown."""
    main = package.main
    targets = {each.id: each.target for each in package.relations(main) if each.kind == "slide"}
    ids = [
        value
        for slide in package.parse(main).iter("{*}sldId")
        for name, value in slide.attrib.items()
        if name.endswith("}id")
    ]
    return [targets[each] for each in ids if each in targets]
