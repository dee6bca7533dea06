"""What a photo says of itself, read and written without touching a pixel.

description    what is read and what is written; whose words they are
xmp            XMP packets: read, merge, clear
  ├── packet   bytes to UTF-8 and back, padding
  ├── rdf      properties, in whichever of RDF's forms they come
  └── markup   XML edited in place
sidecar        packets beside a photo
embed          packets, EXIF and IPTC-IIM within a photo
  ├── jpeg, png, webp    where a file keeps its blocks
  └── tiff, iim          the description in an EXIF and in an IPTC-IIM block
"""
