"""Any mode that Pillow has, to RGB as a screen shows it."""

import io

import numpy as np
from PIL import Image, ImageCms

# In these, neighbouring values may be averaged; in a palette or a float picture of unknown white
# they may not.
AVERAGEABLE = ("L", "RGB", "RGBA", "CMYK", "YCbCr")
MAX_SHRINK = 8  # times, as JPEG's decoder


def shrink(image: Image.Image, at_least: int) -> Image.Image:
    """Average blocks of up to 8 × 8 pixels as long as both sides keep `at_least` pixels."""
    factor = min(min(image.size) // at_least, MAX_SHRINK)
    if factor <= 1 or image.mode not in AVERAGEABLE:
        return image
    small = image.reduce(factor)
    small.info = image.info  # `reduce` forgets the colour profile
    return small


def to_rgb(image: Image.Image) -> Image.Image:
    """Make RGB of any mode: 16-bit scaled, palettes looked up, transparency laid on white.

    Modes I (32-bit) and F do not say what their white is: values above 255 are taken for 16-bit,
    floats up to 1 for shares of white. A colour profile other than sRGB is applied.
    """
    if image.mode.startswith("I") or image.mode == "F":
        image = _to_8_bit(image)
    image = _apply_profile(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert("RGB")


def _to_8_bit(image: Image.Image) -> Image.Image:
    values = np.nan_to_num(np.asarray(image, dtype=np.float32)).clip(min=0)
    top = float(values.max(initial=0.0))
    if image.mode.startswith("I;16") or (image.mode == "I" and top > 255):
        values = values / 257.0  # 65535 -> 255
    elif image.mode == "F" and top <= 1.0:
        values = values * 255.0
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8))


def _apply_profile(image: Image.Image) -> Image.Image:
    """Turn the colours of an embedded ICC profile into sRGB's; a damaged profile is ignored."""
    data = image.info.get("icc_profile")
    if not isinstance(data, bytes) or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        if "srgb" in ImageCms.getProfileDescription(profile).lower():
            return image
        srgb = ImageCms.createProfile("sRGB")
        turned = ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return turned or image
