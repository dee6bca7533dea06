"""What files of pictures are called. What one holds, its content tells: see `showtell.images`."""

# The formats that libraries and datasets are read from.
READABLE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".avif", ".avifs"),
    *(".heic", ".heics", ".heif", ".heifs", ".hif", ".gif", ".tif", ".tiff", ".bmp", ".dib"),
    *(".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".ico", ".icns", ".ppm", ".pgm", ".pbm"),
    *(".pnm", ".pfm", ".psd", ".qoi"),
)
RAW_SUFFIXES = (
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mrw"),
    *(".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw"),
    ".x3f",
)
# A file of such a name is meant as a picture: what it holds instead is not passed over in silence.
PICTURE_SUFFIXES = (*READABLE_SUFFIXES, *RAW_SUFFIXES, ".jxl", ".svg", ".exr", ".hdr")
