"""Sidecars as well-known programs write them."""

LIGHTROOM = """\
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:stEvt="http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:Rating="4"
   xmp:CreatorTool='Adobe Photoshop Lightroom Classic 12.0 (Macintosh)'
   photoshop:SidecarForExtension="CR2"
   exif:SpectralSensitivity="two&#xA;lines&#x9;and &lt;signs&gt;"
   crs:Version="15.0"
   crs:Exposure2012="+0.35"
   crs:HasSettings="True">
   <xmpMM:History>
    <rdf:Seq>
     <rdf:li
      stEvt:action="derived"
      stEvt:parameters="converted from image/x-canon-cr2 to image/tiff"/>
     <rdf:li
      stEvt:action="saved"
      stEvt:when="2023-05-01T10:00:00+02:00"/>
    </rdf:Seq>
   </xmpMM:History>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>dog</rdf:li>
     <rdf:li>Müller &amp; Söhne</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>animals|dog</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
   <crs:ToneCurvePV2012>
    <rdf:Seq>
     <rdf:li>0, 0</rdf:li>
     <rdf:li>255, 255</rdf:li>
    </rdf:Seq>
   </crs:ToneCurvePV2012>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

DIGIKAM = """\
<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:MP="http://ns.microsoft.com/photo/1.2/"
    xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
    xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
   digiKam:PickLabel="0"
   digiKam:ColorLabel="0">
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>Animals/Dog</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <digiKam:CaptionsAuthorNames>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Anna</rdf:li>
    </rdf:Alt>
   </digiKam:CaptionsAuthorNames>
   <MP:RegionInfo rdf:parseType="Resource">
    <MPRI:Regions>
     <rdf:Bag>
      <rdf:li rdf:parseType="Resource">
       <MPRI:Rectangle>0.1, 0.2, 0.3, 0.4</MPRI:Rectangle>
      </rdf:li>
     </rdf:Bag>
    </MPRI:Regions>
   </MP:RegionInfo>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Rex in the garden</rdf:li>
     <rdf:li xml:lang="de-DE">Rex im Garten</rdf:li>
    </rdf:Alt>
   </dc:description>
   <tiff:ImageDescription>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Rex in the garden</rdf:li>
    </rdf:Alt>
   </tiff:ImageDescription>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""

DARKTABLE = """\
<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:darktable="http://darktable.sf.net/"
   xmp:Rating="1"
   darktable:xmp_version="5"
   darktable:raw_params="0"
   darktable:history_end="1">
   <darktable:masks_history>
    <rdf:Seq/>
   </darktable:masks_history>
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="exposure"
      darktable:params="gz02eJxjYGBgkGAAgRNODESDBnsIHll8ANNSGQM="/>
    </rdf:Seq>
   </darktable:history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

ATTRIBUTES = """\
<!-- written by hand -->
<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
 <?mark here?>
 <r:Description r:about="uuid:1" xmlns:d="http://purl.org/dc/elements/1.1/"
   d:format="image/jpeg"   d:description='It&apos;s "Rex"'/>
 <r:Description r:about="uuid:1" xmlns:ps="http://ns.adobe.com/photoshop/1.0/"
   ps:CaptionWriter="Anna" ps:City="Delft"/>
</r:RDF>
"""

SIDECARS = {
    "lightroom": LIGHTROOM.encode(),
    "digikam": DIGIKAM.encode(),
    "darktable": DARKTABLE.encode(),
    "attributes": ATTRIBUTES.encode(),
    "windows": LIGHTROOM.replace("\n", "\r\n").encode("utf-8-sig"),
}
